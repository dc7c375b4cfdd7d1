/// Keys and the ciphers of WAL-G: libsodium's secretstream and OpenPGP.
@NullMarked
package io.pgbackup.encryption;

import org.jspecify.annotations.NullMarked;
