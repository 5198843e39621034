// Sigstore's timestamp authority with a key in memory. The module's own program also serves metrics on a fixed port of all
// interfaces, and ends where another has it.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
)

func main() {
	host := flag.String("host", "127.0.0.1", "where to listen")
	port := flag.Int("port", 0, "where to listen")
	flag.Parse()
	viper.Set("timestamp-signer", "memory")
	viper.Set("timestamp-signer-hash", "sha256")
	viper.Set("default-policy-oid", "1.3.6.1.4.1.57264.2")
	viper.Set("accepted-policy-oids", []string{"1.3.6.1.4.1.57264.2"})
	viper.Set("max-request-body-size", 1<<20)
	authority := server.NewRestAPIServer(*host, *port, []string{"http"}, false, time.Minute, time.Minute)
	log.Fatal(authority.Serve())
}
