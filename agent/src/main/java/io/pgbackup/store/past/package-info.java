/// A bucket as it stood at an earlier instant, read from the versions that it keeps.
@NullMarked
package io.pgbackup.store.past;

import org.jspecify.annotations.NullMarked;
