/// Sizes, times and spans as people read them, the same on a page and in a terminal.
@NullMarked
package io.pgbackup.wording;

import org.jspecify.annotations.NullMarked;
