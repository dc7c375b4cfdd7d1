package io.pgbackup.status;

import java.util.Optional;
import java.util.function.Supplier;

/// What [StatusServer] shows. All are asked on its threads, at each request.
///
/// @param status never waits for the store or for PostgreSQL
/// @param page the one at `/`
/// @param metrics Prometheus' text format
/// @param unready why WAL cannot be taken now; empty where it can. Never depends on the store
public record StatusSources(
    Supplier<StatusSnapshot> status,
    Supplier<Page> page,
    Supplier<String> metrics,
    Supplier<Optional<String>> unready,
    BackupRequests backups) {}
