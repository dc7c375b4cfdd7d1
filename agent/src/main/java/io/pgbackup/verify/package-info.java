/// Whether what is stored is what was written: every object of a backup and its WAL is read to its
/// end and compared with what the archive says of it. Changes nothing.
@NullMarked
package io.pgbackup.verify;

import org.jspecify.annotations.NullMarked;
