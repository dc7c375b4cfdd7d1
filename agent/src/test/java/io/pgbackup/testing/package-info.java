/// Fixtures that the tests of all packages share: real servers, real stores.
@NullMarked
package io.pgbackup.testing;

import org.jspecify.annotations.NullMarked;
