/// Where a command line's backups are: what the options, the configuration, WAL-G's settings and
/// the environment say together.
@NullMarked
package io.pgbackup.cli.source;

import org.jspecify.annotations.NullMarked;
