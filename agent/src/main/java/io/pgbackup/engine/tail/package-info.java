/// The unfinished segment in the archive: pieces of it that were streamed, and what recovery can
/// read of them. Readers ignore the pieces of a segment that lies there whole.
@NullMarked
package io.pgbackup.engine.tail;

import org.jspecify.annotations.NullMarked;
