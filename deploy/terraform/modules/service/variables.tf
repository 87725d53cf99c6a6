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

variable "proxy_image" {
  description = "The image of Google's Cloud SQL Auth Proxy."
  type        = string
  default     = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.18.0"
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

variable "connection_name" {
  description = "The database instance."
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
}

variable "memory" {
  description = "The memory of one instance."
  type        = string
}

variable "most_instances" {
  description = "How many instances there may be."
  type        = number
}

variable "refresh_schedule" {
  description = "When customer_360 is refreshed, as cron says it."
  type        = string
  default     = "15 2 * * *"
}

variable "time_zone" {
  description = "The time zone of that."
  type        = string
  default     = "Etc/UTC"
}

variable "deletion_protection" {
  description = "Whether the service and the job refuse to be deleted."
  type        = bool
  default     = true
}
