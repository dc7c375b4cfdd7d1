package io.pgbackup.lineage;

import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalSegmentSize;
import java.time.Instant;
import java.util.Optional;

/// `pgbackup/claim.json` in a lineage's prefix, created once and never changed: who owns it.
public record Claim(
    ClusterId cluster,
    LineageUid uid,
    SystemIdentifier systemIdentifier,
    ServerVersion serverVersion,
    WalSegmentSize segmentSize,
    Optional<Parent> parent,
    Instant claimedAt) {}
