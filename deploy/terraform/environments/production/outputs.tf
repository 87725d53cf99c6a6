output "address" {
  description = "Where the dashboard is."
  value       = module.service.address
}

output "repository" {
  description = "Where images are pushed to."
  value       = "${google_artifact_registry_repository.this.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}"
}

output "database" {
  description = "The database instance, for the proxy of an operator."
  value       = module.database.connection_name
}
