@NullMarked
package io.pgbackup.engine.format;

import org.jspecify.annotations.NullMarked;
