/// What every engine keeps, whichever it is: the contract that each adapter's tests run.
@NullMarked
package io.pgbackup.engine;

import org.jspecify.annotations.NullMarked;
