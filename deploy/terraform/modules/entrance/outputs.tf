output "address" {
  description = "Where the dashboard is, once the domain leads to the IP address."
  value       = "https://${var.domain}"
}

output "ip_address" {
  description = "Where the domain's A record must lead."
  value       = google_compute_global_address.this.address
}
