/// The port behind which base backups and WAL segments are packed and unpacked: what every engine
/// can do.
@NullMarked
package io.pgbackup.engine;

import org.jspecify.annotations.NullMarked;
