output "address" {
  description = "Where the dashboard is, once the domain leads to the IP address."
  value       = module.entrance.address
}

output "ip_address" {
  description = "Where the domain's A record must lead."
  value       = module.entrance.ip_address
}

output "repository" {
  description = "Where images are pushed to."
  value       = "${google_artifact_registry_repository.this.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}"
}

output "database" {
  description = "The database instance, for the proxy of an operator."
  value       = module.database.connection_name
}
