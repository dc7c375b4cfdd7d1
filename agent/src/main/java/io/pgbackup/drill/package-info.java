/// Whether a backup can really be restored: restores one into a directory that is thrown away,
/// checks what came out, measures how long it took, and keeps the verdict.
@NullMarked
package io.pgbackup.drill;

import org.jspecify.annotations.NullMarked;
