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

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Give a region such as europe-west1."
  }
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

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: REGION-docker.pkg.dev/PROJECT/patron/patron@sha256:…"
  }
}

variable "domain" {
  description = "The name under which Patron is asked for, such as patron.example.com."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "Give a domain such as patron.example.com."
  }
}

variable "users" {
  description = "Who may sign in, such as group:marketing@example.com; who is nothing more is a viewer."
  type        = list(string)

  validation {
    condition     = length(var.users) > 0 && alltrue([for one in var.users : can(regex("^(user|group|domain|serviceAccount):[^ ]+$", one))])
    error_message = "Name somebody; each begins with user:, group:, domain: or serviceAccount:."
  }
}

variable "analysts" {
  description = "The addresses of those users who see personal data and export lists."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.analysts : can(regex("^[^@: ]+@[^@ ]+$", one))])
    error_message = "Give each as an e-mail address alone, such as ann@example.com."
  }
}

variable "admins" {
  description = "The addresses of those users who also build and read the audit log."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.admins : can(regex("^[^@: ]+@[^@ ]+$", one))])
    error_message = "Give each as an e-mail address alone, such as ann@example.com."
  }
}

variable "alerts_to" {
  description = "The e-mail address that alerts are sent to."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.alerts_to))
    error_message = "Give one e-mail address."
  }
}

variable "settings_file" {
  description = "The patron.toml that it runs with."
  type        = string
  default     = "patron.toml"

  validation {
    condition     = fileexists(var.settings_file)
    error_message = "There is no such file."
  }
}

variable "time_zone" {
  description = "The time zone in which the nightly refresh is at a quarter past two."
  type        = string
  default     = "Etc/UTC"

  validation {
    condition     = can(regex("^[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)+$", var.time_zone))
    error_message = "Give a time zone by its name, such as Europe/Berlin."
  }
}

variable "deletion_protection" {
  description = "Whether what holds data refuses to be deleted; set it to false, apply, and then destroy."
  type        = bool
  default     = true
}
