/// The agent's own source of WAL: it is received over the replication protocol as it is written,
/// stored in pieces every few seconds and as a whole once a segment is, and confirmed to the
/// server's slot only then.
@NullMarked
package io.pgbackup.stream;

import org.jspecify.annotations.NullMarked;
