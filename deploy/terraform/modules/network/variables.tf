variable "name" {
  description = "What the network is called."
  type        = string
}

variable "region" {
  description = "The region of its one subnet."
  type        = string
}

variable "range" {
  description = "The subnet's addresses."
  type        = string
  default     = "10.20.0.0/24"

  validation {
    condition     = can(cidrhost(var.range, 0))
    error_message = "The range must be a CIDR block such as 10.20.0.0/24."
  }
}
