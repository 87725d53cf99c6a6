#!/bin/sh
# Makes the random password that compose.yaml gives to PostgreSQL and to Patron, once; it is in no file of the repository.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
if [ ! -s secrets/database_password ]; then
    password=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s' "$password" > secrets/database_password
    printf 'database:5432:patron:patron:%s\n' "$password" > secrets/pgpass
fi
# Where Compose cannot hand a secret to a user of its own, that user must be able to read the file.
chown 10001 secrets/pgpass 2> /dev/null || chmod 644 secrets/pgpass
