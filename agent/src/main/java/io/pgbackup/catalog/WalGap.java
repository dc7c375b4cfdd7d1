package io.pgbackup.catalog;

import io.pgbackup.postgres.WalSegment;

/// Segments that the archive lacks between two that it has.
///
/// @param first first missing segment
/// @param last last missing segment, inclusive
public record WalGap(WalSegment first, WalSegment last, GapState state) {}
