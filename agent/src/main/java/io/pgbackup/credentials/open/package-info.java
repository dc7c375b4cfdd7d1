/// The broker that a configuration names.
@NullMarked
package io.pgbackup.credentials.open;

import org.jspecify.annotations.NullMarked;
