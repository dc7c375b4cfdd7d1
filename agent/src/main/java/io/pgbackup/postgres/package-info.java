/// PostgreSQL's own words as values: positions, timelines, segments, versions. Pure; uses nothing
/// of ours.
@NullMarked
package io.pgbackup.postgres;

import org.jspecify.annotations.NullMarked;
