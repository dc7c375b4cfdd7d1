package io.pgbackup.restore;

import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.Leases;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.process.PostgresProcess;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;

/// What a restore works with.
///
/// @param template where a new lineage lies; a literal folder cannot hold a second one, so the
///   default is taken for it
/// @param binDirectory PostgreSQL's programs; left out, they are looked for
public record RestoreServices(
    LineageEngines engines,
    Claims claims,
    Leases leases,
    PrefixTemplate template,
    PostgresProcess process,
    Optional<Path> binDirectory,
    Clock clock) {
  PrefixTemplate templateForNew() {
    return template.isLiteral() ? PrefixTemplate.DEFAULT : template;
  }
}
