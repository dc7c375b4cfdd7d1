/// Reads the settings of somebody who uses WAL-G today, in the forms they come in, and says what
/// they are in our configuration.
@NullMarked
package io.pgbackup.config.walg;

import org.jspecify.annotations.NullMarked;
