/// What can go wrong, as values: one sealed type decides retry, HTTP status and exit status.
@NullMarked
package io.pgbackup.problem;

import org.jspecify.annotations.NullMarked;
