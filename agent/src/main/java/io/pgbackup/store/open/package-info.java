/// From a URL in the configuration to the store it names.
@NullMarked
package io.pgbackup.store.open;

import org.jspecify.annotations.NullMarked;
