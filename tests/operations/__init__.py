"""Upgrades, backups and bad nights."""
