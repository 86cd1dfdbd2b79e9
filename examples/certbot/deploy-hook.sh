#!/bin/sh
# certbot runs this after each renewal. Install it as an executable file:
#
#     install -m 755 deploy-hook.sh /etc/letsencrypt/renewal-hooks/deploy/frontgate
#
# Only root can read certbot's own files. Frontgate's group can read the copies. Each file is renamed into place, so that it
# is never read half written. Frontgate reloads both without a restart.
set -eu

folder=${FRONTGATE_TLS:-/etc/frontgate/tls}
group=${FRONTGATE_GROUP:-frontgate}
# The name of the certificate, such as media.example.com.
name=${RENEWED_LINEAGE##*/}

umask 077
mkdir -p "$folder"
for file in fullchain privkey; do
    cp "$RENEWED_LINEAGE/$file.pem" "$folder/.$name.$file.new"
    chgrp "$group" "$folder/.$name.$file.new"
    chmod 640 "$folder/.$name.$file.new"
done
mv "$folder/.$name.fullchain.new" "$folder/$name.pem"
mv "$folder/.$name.privkey.new" "$folder/$name.key"
