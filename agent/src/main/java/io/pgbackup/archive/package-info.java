/// The way of a WAL segment out of PostgreSQL: the socket that PostgreSQL's commands speak to, the
/// checks, the acknowledged store; and the way back in during recovery.
@NullMarked
package io.pgbackup.archive;

import org.jspecify.annotations.NullMarked;
