variable "project" {
  description = "The project's id."
  type        = string
}

variable "email" {
  description = "Whom alerts are sent to."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.email))
    error_message = "Give one e-mail address."
  }
}

variable "service" {
  description = "The service's name."
  type        = string
}

variable "job" {
  description = "The name of the job that refreshes customer_360."
  type        = string
}

variable "instance" {
  description = "The name of the database instance."
  type        = string
}
