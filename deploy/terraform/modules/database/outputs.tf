output "connection_name" {
  description = "What the proxy connects to."
  value       = google_sql_database_instance.this.connection_name
}

output "instance" {
  description = "The instance's name."
  value       = google_sql_database_instance.this.name
}

output "url" {
  description = "The database as Patron is told of it, behind a proxy in the same container; it holds no secret."
  value       = "postgresql://${urlencode(google_sql_user.application.name)}@127.0.0.1:5432/${google_sql_database.this.name}"
}
