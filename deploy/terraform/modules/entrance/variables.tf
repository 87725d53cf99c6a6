variable "name" {
  description = "What its parts are called."
  type        = string
}

variable "region" {
  description = "The region of the service."
  type        = string
}

variable "domain" {
  description = "The name under which Patron is asked for, such as patron.example.com."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "Give a domain such as patron.example.com."
  }
}

variable "service" {
  description = "The name of the Cloud Run service, which need not be there yet."
  type        = string
}

variable "project_number" {
  description = "The project's number, by which the tokens of sign-in name whom they are for."
  type        = string
}

variable "users" {
  description = "Who may sign in, such as group:marketing@example.com."
  type        = list(string)

  validation {
    condition     = alltrue([for one in var.users : can(regex("^(user|group|domain|serviceAccount):", one))])
    error_message = "Each begins with user:, group:, domain: or serviceAccount:."
  }
}
