@NullMarked
package io.pgbackup.cli.wal;

import org.jspecify.annotations.NullMarked;
