variable "project" {
  description = "The project's id."
  type        = string
}

variable "project_number" {
  description = "The project's number, by which the service agent of sign-in is called."
  type        = string
}

variable "name" {
  description = "What the service is called."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string
}

variable "image" {
  description = "Patron's image, by digest, so that what runs is what was tested."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: REGION-docker.pkg.dev/PROJECT/REPOSITORY/patron@sha256:…"
  }
}

variable "sign_in_audience" {
  description = "What the tokens of sign-in are made out to."
  type        = string
}

variable "admins" {
  description = "The addresses of the users who are admins."
  type        = list(string)
}

variable "analysts" {
  description = "The addresses of the users who are analysts."
  type        = list(string)
}

variable "proxy_image" {
  description = "The image of Google's Cloud SQL Auth Proxy."
  type        = string
  default     = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.18.0"

  validation {
    condition     = can(regex("(:[0-9]+\\.[0-9]+\\.[0-9]+|@sha256:[0-9a-f]{64})$", var.proxy_image))
    error_message = "Name the proxy by a version or a digest, so that it does not change by itself."
  }
}

variable "service_account_email" {
  description = "The service account that it runs as."
  type        = string
}

variable "network_id" {
  description = "The network of the database."
  type        = string
}

variable "subnet_id" {
  description = "The subnet it has an address in."
  type        = string
}

variable "database_instance" {
  description = "The name of the database instance."
  type        = string
}

variable "connection_name" {
  description = "What the proxy connects to."
  type        = string
}

variable "database_url" {
  description = "The database as Patron is told of it."
  type        = string
}

variable "settings" {
  description = "The content of patron.toml."
  type        = string
  sensitive   = true
}

variable "cpu" {
  description = "The processors of one instance."
  type        = string

  validation {
    condition     = contains(["1", "2", "4", "6", "8"], var.cpu)
    error_message = "Cloud Run has 1, 2, 4, 6 or 8 processors."
  }
}

variable "memory" {
  description = "The memory of one instance."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+[MG]i$", var.memory))
    error_message = "Write the memory as 512Mi or 2Gi."
  }
}

variable "most_instances" {
  description = "How many instances there may be."
  type        = number

  validation {
    condition     = var.most_instances >= 1 && floor(var.most_instances) == var.most_instances
    error_message = "There must be room for one instance at least."
  }
}

variable "refresh_schedule" {
  description = "When customer_360 is refreshed, as cron says it."
  type        = string
  default     = "15 2 * * *"

  validation {
    condition     = length(split(" ", var.refresh_schedule)) == 5
    error_message = "Give five fields, such as 15 2 * * * for a quarter past two every night."
  }
}

variable "time_zone" {
  description = "The time zone of that."
  type        = string
}

variable "deletion_protection" {
  description = "Whether the service and the job refuse to be deleted."
  type        = bool
  default     = true
}
