@NullMarked
package io.pgbackup.config.walg;

import org.jspecify.annotations.NullMarked;
