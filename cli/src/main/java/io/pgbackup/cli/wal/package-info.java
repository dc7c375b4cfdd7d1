/// `pgbackup wal push|fetch`: what PostgreSQL runs as its archive_command and restore_command. Has
/// its own statuses, and starts without the libraries that the other verbs need, because PostgreSQL
/// starts it anew for each segment.
@NullMarked
package io.pgbackup.cli.wal;

import org.jspecify.annotations.NullMarked;
