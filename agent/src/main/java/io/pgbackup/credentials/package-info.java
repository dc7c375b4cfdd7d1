/// Who may touch the store: credentials from files, taken anew when they rotate.
@NullMarked
package io.pgbackup.credentials;

import org.jspecify.annotations.NullMarked;
