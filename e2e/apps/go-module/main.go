package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/google/uuid"
)

func main() {
	space := uuid.NewSHA1(uuid.NameSpaceDNS, []byte("vibed.dev"))
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "go-module %s\n", space)
	})
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
