// Command clientgo-elector is the peer that the benchmark measures beside the sidecar: client-go's elector as its own
// example uses it (tools/leaderelection, LeaseLock, 15 s / 10 s / 2 s, ReleaseOnCancel), with the answer over HTTP.
//
// GET /leader answers {"isLeader": …, "isWorking": …}: elector.IsLeader(), and whether the context that client-go gave
// to OnStartedLeading is still open, which is when an application written after the example does its work. Like that
// example it ends with its leadership.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file with the API server and the credentials")
	namespace := flag.String("namespace", "default", "of the Lease")
	name := flag.String("name", "", "of the Lease")
	identity := flag.String("identity", "", "of this candidate")
	port := flag.Int("port", 8080, "of 127.0.0.1, for GET /leader")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: *name, Namespace: *namespace},
		Client:     kubernetes.NewForConfigOrDie(config).CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: *identity},
	}
	var working atomic.Bool
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   15 * time.Second,
		RenewDeadline:   10 * time.Second,
		RetryPeriod:     2 * time.Second,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				working.Store(true)
				<-ctx.Done()
				working.Store(false)
			},
			OnStoppedLeading: func() { log.Print("leader lost") },
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /leader", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"isLeader\": %t, \"isWorking\": %t}", elector.IsLeader(), working.Load())
	})
	go func() { log.Fatal(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", *port), nil)) }()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	elector.Run(ctx)
}
