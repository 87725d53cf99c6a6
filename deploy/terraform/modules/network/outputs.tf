output "network_id" {
  description = "The network, once the private addresses of services can be used in it."
  value       = google_compute_network.this.id
  depends_on  = [google_service_networking_connection.services]
}

output "subnet_id" {
  description = "The subnet."
  value       = google_compute_subnetwork.this.id
}
