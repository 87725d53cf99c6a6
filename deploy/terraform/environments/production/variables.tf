variable "project" {
  description = "The id of a project that has billing and nothing else in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's id has 6 to 30 small letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where all of it is."
  type        = string
  default     = "europe-west1"
}

variable "size" {
  description = "small: to try; medium: to a million customers; large: more. Measure yours."
  type        = string
  default     = "small"

  validation {
    condition     = contains(["small", "medium", "large"], var.size)
    error_message = "The size is small, medium or large."
  }
}

variable "image" {
  description = "Patron's image, by digest."
  type        = string
}

variable "domain" {
  description = "The name under which Patron is asked for, such as patron.example.com."
  type        = string
}

variable "users" {
  description = "Who may sign in, such as group:marketing@example.com."
  type        = list(string)
}

variable "alerts_to" {
  description = "The e-mail address that alerts are sent to."
  type        = string
}

variable "settings_file" {
  description = "The patron.toml that it runs with."
  type        = string
  default     = "patron.toml"
}

variable "time_zone" {
  description = "The time zone in which the nightly refresh is at a quarter past two."
  type        = string
  default     = "Etc/UTC"
}

variable "deletion_protection" {
  description = "Whether what holds data refuses to be deleted; set it to false, apply, and then destroy."
  type        = bool
  default     = true
}
