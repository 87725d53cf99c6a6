output "address" {
  description = "Where the dashboard is, once the domain leads to the IP address."
  value       = "https://${var.domain}"
}

output "audience" {
  description = "What the tokens of sign-in are made out to."
  value       = "/projects/${var.project_number}/global/backendServices/${google_compute_backend_service.this.generated_id}"
}

output "ip_address" {
  description = "Where the domain's A record must lead."
  value       = google_compute_global_address.this.address
}
