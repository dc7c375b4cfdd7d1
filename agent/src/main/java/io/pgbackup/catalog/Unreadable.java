package io.pgbackup.catalog;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;

/// An archive that was found and cannot be used.
///
/// @param cluster as its path names it
/// @param uid as its path names it
/// @param problem why, and what to do
public record Unreadable(StoreFolder folder, ClusterId cluster, LineageUid uid, Problem problem) {}
