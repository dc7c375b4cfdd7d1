package io.pgbackup.lineage;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;

/// The lineage another one branched from.
///
/// @param timeline the parent's timeline at the branch
/// @param branchPoint first position that is no longer the parent's
public record Parent(LineageUid uid, Timeline timeline, Lsn branchPoint) {}
