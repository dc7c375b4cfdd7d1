/// Secrets that lie in files: the one place that reads them.
@NullMarked
package io.pgbackup.secret;

import org.jspecify.annotations.NullMarked;
