package io.pgbackup.lineage;

import io.pgbackup.engine.format.ArchiveLayout;

/// The lineage that a server's WAL and backups belong to: named beside its data, claimed in the
/// bucket.
public record ProtectedLineage(Identity identity, Claim claim, ArchiveLayout layout) {}
