package abuse

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func plaintext() grpc.DialOption { return grpc.WithTransportCredentials(insecure.NewCredentials()) }
