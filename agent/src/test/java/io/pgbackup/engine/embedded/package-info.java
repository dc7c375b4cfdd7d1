@NullMarked
package io.pgbackup.engine.embedded;

import org.jspecify.annotations.NullMarked;
