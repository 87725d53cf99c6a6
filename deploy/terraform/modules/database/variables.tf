variable "name" {
  description = "What the instance is called; a name that was used cannot be used again for a week."
  type        = string
}

variable "region" {
  description = "Where it is."
  type        = string
}

variable "network_id" {
  description = "The network in which it has its address."
  type        = string
}

variable "service_account_email" {
  description = "The service account that logs in."
  type        = string
}

variable "tier" {
  description = "The machine, such as db-custom-2-7680."
  type        = string

  validation {
    condition     = can(regex("^db-custom-[0-9]+-[0-9]+$", var.tier))
    error_message = "Give processors and megabytes, such as db-custom-2-7680."
  }
}

variable "disk_gigabytes" {
  description = "The disk at the beginning; it grows by itself."
  type        = number

  validation {
    condition     = var.disk_gigabytes >= 10
    error_message = "Cloud SQL has no disk below 10 GB."
  }
}

variable "highly_available" {
  description = "Whether a second machine stands by in another zone."
  type        = bool
}

variable "retained_backups" {
  description = "How many daily backups are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.retained_backups >= 7 && var.retained_backups <= 365
    error_message = "Keep at least 7 and at most 365 backups."
  }
}

variable "deletion_protection" {
  description = "Whether the instance refuses to be deleted."
  type        = bool
  default     = true
}
