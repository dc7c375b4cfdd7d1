package io.pgbackup.lineage;

import io.pgbackup.postgres.SystemIdentifier;
import java.util.Optional;

/// Who a data directory is: written beside it (`<basename>.pgbackup.json`), never inside it or in a
/// backup.
public record Identity(
    ClusterId cluster,
    LineageUid uid,
    SystemIdentifier systemIdentifier,
    Optional<Parent> parent) {}
