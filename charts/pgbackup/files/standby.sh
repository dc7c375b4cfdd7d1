#!/bin/sh
# Runs before the server in every pod, and acts where the ordinal is not 0: fills an empty volume from the primary, pod 0, and lets
# no data start there that are not a standby's. Data are never removed, except those of a copy that was cut off.
set -eu
umask 077

name=$(hostname)
[ "${name##*-}" != 0 ] || exit 0
domain=$(hostname -d)
primary=${name%-*}-0.$domain
namespace=$(echo "$domain" | cut -d . -f 2)
identity=$PGDATA.pgbackup.json
copy=$PGDATA.standby.tmp
login="host=$primary port=5432 user=$STANDBY_USER passfile=$STANDBY_PASSFILE application_name=$name connect_timeout=10"

say() { printf '%s\n' "$*"; }
refuse() {
  say "ERROR: $1"
  say "Nothing was changed. If nobody needs these data, the volume is filled anew from $primary after"
  say "  kubectl -n $namespace delete pvc data-$name --wait=false && kubectl -n $namespace delete pod $name"
  exit 1
}

# The first process of a container hears of no signal that it does not ask for.
child=
trap '[ -z "$child" ] || kill "$child" 2>/dev/null || true; exit 143' TERM INT
run() {
  "$@" &
  child=$!
  wait "$child"
}

superuser() {
  PGPASSWORD=$SUPERUSER_PASSWORD PGCONNECT_TIMEOUT=10 \
    PGOPTIONS='-c log_statement=none -c log_min_duration_statement=-1 -c log_min_duration_sample=-1 -c log_transaction_sample_rate=0
      -c log_duration=off -c log_min_error_statement=panic -c auto_explain.log_min_duration=-1 -c pgaudit.log=none
      -c pg_stat_statements.track_utility=off -c synchronous_commit=local -c statement_timeout=60s -c password_encryption=scram-sha-256' \
    psql -h "$primary" -p 5432 -U "$SUPERUSER" -d postgres -v ON_ERROR_STOP=1 -wAtXq "$@"
}
answers() { pg_isready -q -h "$primary" -p 5432 -U "$SUPERUSER" -t 5; }
logs_in() { psql "$login dbname=postgres replication=true" -wAtXqc IDENTIFY_SYSTEM >/dev/null 2>&1; }

# A restored primary may lack the role, know another password, and let nobody in: this mends all three. The files of pg_hba.conf are
# part of the data, so the line is put there; it comes first, because the first line that fits decides.
admit() {
  logs_in && return
  say "setting up the role $STANDBY_USER in $primary"
  superuser >/dev/null <<'SQL' || return
\set user `printf %s "$STANDBY_USER"`
\set password `printf %s "$STANDBY_PASSWORD"`
begin;
select pg_advisory_xact_lock(7365460431);
select format('create role %I', :'user') where not exists (select from pg_roles where rolname = :'user') \gexec
-- whoever is more than a standby keeps his password
select format('alter role %I login replication password %L', :'user', :'password')
  from pg_roles where rolname = :'user' and not rolsuper \gexec
commit;
select pg_advisory_lock(7365460431);
select not exists (
    select from pg_hba_file_rules
    where type = 'host' and database @> '{replication}' and user_name @> array[:'user'] and address = 'all' and error is null
  ) as closed,
  format('cat - "%1$s" > "%1$s.pgbackup" && sync "%1$s.pgbackup" && mv "%1$s.pgbackup" "%1$s"', current_setting('hba_file')) as prepend \gset
\if :closed
copy (values ('# the standbys of pgbackup''s chart'), (format('host replication %I all scram-sha-256', :'user'))) to program :'prepend';
\endif
select pg_reload_conf();
SQL
  tries=0
  until logs_in; do
    tries=$((tries + 1))
    [ "$tries" -lt 10 ] || { psql "$login dbname=postgres replication=true" -wAtXqc IDENTIFY_SYSTEM; return; }
    run sleep 1
  done
}

# Whose backups these are. A restored primary's are of another lineage than those of its standbys from before.
identity_of_primary() {
  superuser -c "select pg_read_file(current_setting('data_directory') || '.pgbackup.json', 0, 65536, true)"
}
# the first one is its own, the next one its parent's
uid() { grep -o '"uid" *: *"[^"]*"' | head -n 1 | cut -d '"' -f 4; }

[ -n "${STANDBY_PASSWORD:-}" ] || {
  say "ERROR: the Secret of postgres.existingSecret has no key replication.passwordKey"
  exit 1
}
printf '%s:5432:*:%s:%s\n' "$primary" "$STANDBY_USER" "$(printf %s "$STANDBY_PASSWORD" | sed 's/[\\:]/\\&/g')" > "$STANDBY_PASSFILE"
rm -rf "$copy"

if [ -n "$(ls -A "$PGDATA" 2>/dev/null)" ]; then
  [ -e "$PGDATA/standby.signal" ] || refuse "$PGDATA holds a server that is no standby, and this pod is one of $primary's"
  # while the primary is away its standbys start without it
  if answers && admit && theirs=$(identity_of_primary | uid) && [ -n "$theirs" ] && [ -e "$identity" ]; then
    ours=$(uid < "$identity")
    [ "$ours" = "$theirs" ] || refuse "$PGDATA is of lineage $ours, and $primary is of lineage $theirs: it was restored"
  fi
  say "$PGDATA is a standby's"
  exit 0
fi

until answers && admit; do
  say "waiting for $primary"
  run sleep 3
done
say "copying $primary"
run pg_basebackup -d "$login" -D "$copy" -X stream -c fast -w
# The primary stays on its timeline; another one in the archive is of somebody who promoted a standby.
cat >> "$copy/postgresql.auto.conf" <<CONF
recovery_target_timeline = 'current'
primary_conninfo = '$login'
restore_command = '/opt/pgbackup/pgbackup-client --timeout 15 fetch %f %p'
CONF
touch "$copy/standby.signal"
# A new primary has one as soon as its agent reaches the bucket, which may be down. With it the agent here can fetch WAL before the
# server answers.
tries=0
until theirs=$(identity_of_primary) && [ -n "$theirs" ] || [ "$tries" -ge 30 ]; do
  tries=$((tries + 1))
  run sleep 1
done
rm -f "$identity"
if [ -n "$theirs" ]; then
  printf '%s\n' "$theirs" > "$identity.tmp"
  chmod 644 "$identity.tmp"
  mv "$identity.tmp" "$identity"
fi
rmdir "$PGDATA" 2>/dev/null || true
sync
mv "$copy" "$PGDATA"
sync
say "$PGDATA is a standby of $primary"
