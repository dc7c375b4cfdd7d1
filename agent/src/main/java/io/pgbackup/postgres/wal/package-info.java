/// Reads WAL segments: page headers, and of the records those that end a transaction. Pure; uses
/// nothing of ours but the values.
@NullMarked
package io.pgbackup.postgres.wal;

import org.jspecify.annotations.NullMarked;
