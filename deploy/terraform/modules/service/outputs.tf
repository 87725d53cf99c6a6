output "service" {
  description = "The service's name."
  value       = google_cloud_run_v2_service.this.name
}

output "job" {
  description = "The name of the job that refreshes customer_360."
  value       = google_cloud_run_v2_job.refresh.name
}
